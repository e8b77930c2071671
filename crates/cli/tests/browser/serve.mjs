// Starts the program for scripts that no test starts: those that measure and those that take pictures.

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/**
 * Starts `pixtwin review`.
 * @param {string} program its path
 * @param {Array<string>} more further arguments
 * @param {object} options `cwd`, `home`, and `input`: a readable stream or the path of a file for its standard input
 * @returns {Promise<{address: string, pid: number, end: Function}>}
 */
export async function serve(program, more, { cwd, home, input }) {
  const environment = { PATH: process.env.PATH, HOME: home, LC_ALL: "C.UTF-8", TZ: "UTC" };
  const child = spawn(program, ["review", "-q", "--no-open", ...more], { cwd, env: environment, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((done) => { child.on("exit", done); });
  process.on("exit", () => child.kill("SIGKILL"));
  child.stdin.on("error", () => {});
  const stream = typeof input === "string" ? createReadStream(input) : input;
  if (stream) stream.pipe(child.stdin);
  else child.stdin.end();
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([new Promise((done) => { lines.once("line", done); }), ended]);
  if (typeof first !== "string") throw new Error(`pixtwin has ended with ${first}`);
  const end = async () => {
    child.kill("SIGINT");
    await ended;
  };
  return { address: first, pid: child.pid, end };
}
