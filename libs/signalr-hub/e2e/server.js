// Starts an example on a free port.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

export async function startServer(example, ...more) {
  const program = path.join(target, "debug", "examples", example);
  const child = spawn(program, ["0", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const urls = [];
  for await (const line of createInterface(child.stdout)) {
    urls.push(line);
    if (line.startsWith("http:")) break;
  }
  child.stdout.resume();
  if (urls.length === 0) throw new Error(`${example} did not start`);

  const end = (signal) => new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
  const stop = () => end("SIGTERM");
  const kill = () => end("SIGKILL");
  return { url: urls.at(-1), secureUrl: urls.length > 1 ? urls[0] : undefined, stop, kill };
}
