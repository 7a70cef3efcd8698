import { isLoopbackOrigin } from "../core/loopback-host.ts";
import { type ConnectStep, type ConnectWay, connectWays, KEY_HERE } from "./connect-steps.ts";
import { Copyable } from "./copyable.tsx";
import { Notice } from "./page.tsx";

/** How to use this gateway from every client that is known to us. */
export function ConnectGuide({ origin, newKey }: Readonly<{ origin: string; newKey: string }>) {
  const isPublic = origin.startsWith("https:") && !isLoopbackOrigin(origin);
  return (
    <>
      <h1>Connect</h1>
      {isPublic ? (
        ""
      ) : (
        <Notice kind="note">
          You are at <code>{origin}</code>. Claude.ai and ChatGPT call from the internet and need a
          public https address.
        </Notice>
      )}
      <p>
        One address for everything you may use. Clients that know OAuth sign in by themselves; for
        the others <a href={newKey}>create a key</a> and put it where <code>{KEY_HERE}</code>{" "}
        stands.
      </p>
      <div class="addresses">
        <div>
          <h2>MCP</h2>
          <Copyable id="address-mcp" text={`${origin}/mcp`} label="the MCP address" />
          <p class="hint">
            One backend alone: <code>/mcp/{"{backend}"}</code>
          </p>
        </div>
        <div>
          <h2>OpenAI</h2>
          <Copyable id="address-openai" text={`${origin}/v1`} label="the OpenAI base URL" />
          <p class="hint">
            Model <code>mcp-gateway</code>
          </p>
        </div>
        <div>
          <h2>REST</h2>
          <Copyable
            id="address-rest"
            text={`${origin}/docs`}
            label="the address of the REST pages"
          />
          <p class="hint">
            Document: <code>/openapi.json</code>
          </p>
        </div>
      </div>
      <h2>Step by step</h2>
      {connectWays(origin).map((way) => (
        <Way way={way} isPublic={isPublic} />
      ))}
    </>
  );
}

function Way({ way, isPublic }: Readonly<{ way: ConnectWay; isPublic: boolean }>) {
  return (
    <details class="box way" id={way.id}>
      <summary>
        <b>{way.name}</b> <span class="badge">{way.by}</span>
        {way.needsPublic === true && !isPublic ? (
          <>
            {" "}
            <span class="badge warn">needs a public address</span>
          </>
        ) : (
          ""
        )}
      </summary>
      {way.steps.map((step, index) => (
        <Step step={step} id={`${way.id}-${index}`} name={way.name} />
      ))}
    </details>
  );
}

function Step({ step, id, name }: Readonly<{ step: ConnectStep; id: string; name: string }>) {
  if (typeof step === "string") return <p>{step}</p>;
  return <Copyable id={id} text={step.text} label={`${step.what} for ${name}`} />;
}
