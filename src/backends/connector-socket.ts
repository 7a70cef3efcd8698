import * as z from "zod";

/** What is remembered of a connection while its object sleeps; the platform takes 16 KiB of it. */
const rememberedSchema = z.object({
  /** Epoch ms. */
  since: z.number(),
  /** Whose end closes it; undefined: of the command on this machine. */
  credential: z.string().optional(),
  /** Epoch ms. */
  expiresAt: z.number().optional(),
  /** Of its hello; undefined before. */
  seated: z
    .object({
      instance: z.string(),
      sequence: z.number(),
      version: z.string().optional(),
      command: z.string().optional(),
      /** Of the local server that is up. */
      run: z.string().optional(),
      /** Why it is not. */
      problem: z.string().optional(),
    })
    .optional(),
});

export type Remembered = Readonly<z.infer<typeof rememberedSchema>>;

/** Undefined for a connection of another version of this Worker: it is as good as none. */
export function recall(socket: WebSocket): Remembered | undefined {
  return rememberedSchema.safeParse(socket.deserializeAttachment()).data;
}

export function remember(socket: WebSocket, remembered: Remembered): void {
  socket.serializeAttachment(remembered);
}

/** Where the Worker hands an upgrade to the object; messages go elsewhere, whatever their headers. */
export const UPGRADE_URL = "https://backend.invalid/connect";

/** Who dials in, as the Worker tells the object: nobody else can reach it. */
export const DIALLER_HEADER = "x-gateway-dialler";

const diallerSchema = rememberedSchema.pick({ credential: true, expiresAt: true });
export type SocketOwner = Readonly<z.infer<typeof diallerSchema>>;

export function writeOwner(owner: SocketOwner): string {
  return JSON.stringify(owner);
}

export function readOwner({ headers }: Request): SocketOwner {
  return diallerSchema.parse(JSON.parse(headers.get(DIALLER_HEADER) ?? "null"));
}
