import { Hono } from "hono";
import { ConnectGuide } from "../pages/connect-guide.tsx";
import { COPY_SCRIPT } from "../pages/copyable.tsx";
import type { MeNeeds } from "./me-needs.ts";
import { myPage, renderMyPage } from "./my-visit.tsx";

const CONNECT = "/me/connect";

/** `/me/connect`: how a person's own clients use this gateway. */
export function createMyConnectPage(needs: MeNeeds): Hono {
  return new Hono().get(
    CONNECT,
    myPage(needs, (visit) =>
      renderMyPage(visit, {
        title: "Connect",
        open: CONNECT,
        script: COPY_SCRIPT,
        content: <ConnectGuide origin={visit.origin} newKey="/me/keys/new" />,
      }),
    ),
  );
}
