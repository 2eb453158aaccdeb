// Tells the suite what happens, a line each. See ../../testing/foreign-client.ts.
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The packages are not beside this file, but where `make interop` installed them.
export const load = createRequire(join(process.env.INTEROP_PACKAGES ?? '.', 'package.json'))

export const [url, token, ...more] = process.argv.slice(2)

export const write = (kind, value) => process.stdout.write(`${kind} ${JSON.stringify(value)}\n`)

/** Tells a message of the gateway. Returns whether it is the last of the test. */
export function writeMessage(text) {
  process.stdout.write(`message ${text}\n`)
  return text.includes('"interop.last"')
}

/** Keeps the process while a client waits to come back: some clients let their timers hold nothing. */
export const stayAwake = () => setInterval(() => {}, 1000)
