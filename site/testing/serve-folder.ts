import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
}

export interface ServedFolder {
  /** URL of the folder, with a slash at its end. */
  readonly url: string
  stop(): Promise<void>
}

/** Serves a folder below a base, as any static host does. */
export async function serveFolder(folder: string, base: string): Promise<ServedFolder> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    const file = path.startsWith(base) ? normalize(join(folder, path.slice(base.length) || 'index.html')) : null
    const answer = (status: number, body: Buffer | string, contentType: string): void => {
      response.writeHead(status, { 'content-type': contentType }).end(body)
    }
    if (file === null || !file.startsWith(folder)) return answer(404, '', 'text/plain')
    readFile(file).then(
      (body) => answer(200, body, contentTypes[extname(file)] ?? 'application/octet-stream'),
      () => answer(404, '', 'text/plain'),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}${base}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
