// Reports to the suite what happens, a line each. See ../../testing/foreign-client.ts.
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The packages are where `make interop` installed them, and not beside this file.
export const load = createRequire(join(process.env.INTEROP_PACKAGES ?? '.', 'package.json'))

export const [url, token, ...more] = process.argv.slice(2)

export const write = (kind, value) => process.stdout.write(`${kind} ${JSON.stringify(value)}\n`)

/** Reports a message of the gateway. Returns true for the last one of the test. */
export function writeMessage(text) {
  process.stdout.write(`message ${text}\n`)
  return text.includes('"interop.last"')
}

/** Keeps the process alive while a client waits to reconnect: timers of some clients do not. */
export const stayAwake = () => setInterval(() => {}, 1000)
