// @ts-check
// The site's commands and questions, and how they fail.

/** @import {Text} from "./events.js" */
import { answer } from "./exported.js";
import { page } from "./page.js";
import { known, text } from "./words.js";

/** What the site says when it refuses. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: the site could not be reached
   * @param {string} code
   * @param {Text} said what to tell the person
   * @param {string} [field] the setting that it is about
   * @param {string} [run] the run that is in the way
   */
  constructor(status, code, said, field, run) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.said = said;
    this.field = field;
    this.run = run;
  }
}

/** @param {unknown} e @returns {ApiError} */
export const asApiError = (e) => (e instanceof ApiError ? e : new ApiError(0, "unknown", text("api.unknown", { status: String(e) })));

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(method, path, body) {
  if (page.root !== undefined) return answer(method, path, body).catch(() => { throw new ApiError(0, "exported", text("api.exported")); });
  /** @returns {RequestInit} */
  const said = () => (body === undefined ? {} : body instanceof Blob ? { headers: { "Content-Type": "application/octet-stream" }, body } : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  let response;
  try {
    response = await fetch(path, { method, credentials: "same-origin", ...said() });
  } catch {
    throw new ApiError(0, "unreachable", text("api.unreachable"));
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

/** @param {Response} response */
async function refusal(response) {
  let e;
  try {
    e = (await response.json()).error;
  } catch { /* an answer of something that is not the site */ }
  const code = e?.code ?? "unknown";
  const said = e?.text ?? (known(`api.${code}`) ? text(`api.${code}`) : text("api.unknown", { status: response.status }));
  return new ApiError(response.status, code, said, e?.field, e?.run);
}

/** @param {string} path */
export const get = (path) => ask("GET", path);
/** @param {string} path @param {unknown} [body] */
export const post = (path, body) => ask("POST", path, body ?? {});
/** @param {string} path @param {Blob} file */
export const send = (path, file) => ask("POST", path, file);
/** @param {string} path @param {unknown} body */
export const replace = (path, body) => ask("PUT", path, body);
/** @param {string} path */
export const remove = (path) => ask("DELETE", path);
