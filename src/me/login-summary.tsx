import type { LoginStatus } from "../backends/logins.ts";
import { Notice } from "../pages/page.tsx";

/** What keeps services from being used in the visitor's name; nothing where nothing does. */
export function MissingLogins({ logins }: Readonly<{ logins: readonly LoginStatus[] }>) {
  const wanted = logins.filter(({ state }) => state !== "ready");
  if (wanted.length === 0) return "";
  return (
    <Notice kind="note">
      {wanted.map(({ backend, account, state }, index) => (
        <>
          {index === 0 ? "" : ", "}
          <a href={`/me/logins/${backend}${account === undefined ? "" : `?account=${account}`}`}>
            {state === "ended" ? `Log in to ${backend} again` : `Log in to ${backend}`}
          </a>
        </>
      ))}
      : until then it cannot be used in your name.
    </Notice>
  );
}
