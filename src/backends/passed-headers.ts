/**
 * What goes out with a call whose caller's headers are passed on: those beneath our own, so that what
 * is configured for the backend and what the protocol says wins. The very objects of the platform are
 * copied, because a value that has been a string here is not the same any more: workerd reads headers
 * as UTF-8, and what browsers send in Latin-1 would be lost.
 */
export function overPassed(passed: Headers | undefined, own: HeadersInit): HeadersInit {
  if (passed === undefined) return own;
  const headers = new Headers(passed);
  for (const [name, value] of new Headers(own)) headers.set(name, value);
  return headers;
}
