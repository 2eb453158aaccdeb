import { parseArgs } from 'node:util'
import { messageOf } from '../program/message-of.ts'
import { failed, ok, type Result } from '../program/result.ts'

export const usage = `Builds the documentation as a site, without a network.

Usage: make docs-site [ARGS="--base /carillon/"]

  --base PATH   path of the site below its host; begins and ends with a slash (default: /)
  --out FOLDER  folder of the built site, which is replaced (default: dist/docs-site)
  --serve       serve the pages on this machine, and show each change at once
  --port PORT   port of --serve (default: 5173)
  --help        show this text`

/** What `make docs-site` does. */
export type SiteCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'build'; readonly base: string; readonly out: string }
  | { readonly kind: 'serve'; readonly base: string; readonly port: number }

/** Reads the flags. The error is a sentence for the person who typed them. */
export function parseArguments(argv: readonly string[]): Result<SiteCommand, string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        base: { type: 'string', default: '/' },
        out: { type: 'string', default: 'dist/docs-site' },
        serve: { type: 'boolean', default: false },
        port: { type: 'string', default: '5173' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return ok({ kind: 'help' })
    if (!/^\/(?:[\w.~-]+\/)*$/.test(values.base))
      return failed(`--base is ${values.base}. It must be a path that begins and ends with a slash, such as /carillon/.`)
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      return failed(`--port is ${values.port}. It must be a number from 1 to 65535.`)
    return ok(values.serve ? { kind: 'serve', base: values.base, port } : { kind: 'build', base: values.base, out: values.out })
  } catch (error) {
    return failed(messageOf(error)) // parseArgs names the unknown flag
  }
}
