/** Own names may hold anything, a slash too. */
export function tryPath(backend: string, tool: string): string {
  return `/admin/try/${backend}/${encodeURIComponent(tool)}`;
}
