/** Like `map`, but answers the list itself where every element stays what it is. */
export function mapSame<Value>(
  list: readonly Value[],
  change: (value: Value, index: number) => Value,
): readonly Value[] {
  const changed = list.map(change);
  return changed.every((value, index) => value === list[index]) ? list : changed;
}
