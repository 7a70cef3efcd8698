/* oxlint-disable import/default -- it comes as text */
import copy from "./page-copy.mjs";

/** The script of a page that has something to copy. */
export const COPY_SCRIPT: string = copy;

/** A text to be taken elsewhere. `id` is unique on its page; `label` says what it is. */
export function Copyable({
  id,
  text,
  label,
}: Readonly<{ id: string; text: string; label: string }>) {
  return (
    <div class="copyable">
      <pre id={id} tabindex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <button type="button" data-copy={id} aria-label={`Copy ${label}`} hidden>
        Copy
      </button>
    </div>
  );
}
