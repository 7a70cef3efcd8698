/** A file of the repository as text. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** A module for the browser, as text: see the rules in wrangler.toml. */
declare module "*.mjs" {
  const text: string;
  export default text;
}
