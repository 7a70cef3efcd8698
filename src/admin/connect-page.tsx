import { Hono } from "hono";
import { ConnectGuide } from "../pages/connect-guide.tsx";
import { COPY_SCRIPT } from "../pages/copyable.tsx";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { renderOwnerPage } from "./owner-shell.tsx";
import { ownerPage } from "./owner-visit.ts";

const CONNECT = "/admin/connect";

/** `/admin/connect`: how clients use this gateway. */
export function createConnectPage(needs: AdminPageNeeds): Hono {
  return new Hono().get(
    CONNECT,
    ownerPage(needs, (visit) =>
      renderOwnerPage(visit, {
        title: "Connect",
        open: CONNECT,
        script: COPY_SCRIPT,
        content: <ConnectGuide origin={visit.origin} newKey="/admin/keys/new" />,
      }),
    ),
  );
}
