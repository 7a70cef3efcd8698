import { SIGN_IN_PATH } from "../pages/require-visitor.ts";

export type ProviderLink = Readonly<{ name: string; label: string }>;

/**
 * Links, not forms: the browser would hold the way to the provider to the page's `form-action`, and
 * following one does no more than ask there who somebody is.
 */
export function ProviderLinks({
  providers,
  query,
}: Readonly<{ providers: readonly ProviderLink[]; query: Readonly<Record<string, string>> }>) {
  if (providers.length === 0) return "";
  const search = new URLSearchParams(query).toString();
  return (
    <ul class="providers">
      {providers.map(({ name, label }) => (
        <li>
          <a class="button" href={`${SIGN_IN_PATH}/${name}?${search}`}>
            Continue with {label}
          </a>
        </li>
      ))}
    </ul>
  );
}
