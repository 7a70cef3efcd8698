/** A moment, to the minute; epoch ms. In UTC: the page does not know where its reader is. */
export function When({ at }: Readonly<{ at: number }>) {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`}</time>;
}
