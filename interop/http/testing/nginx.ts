import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Credentials } from '../../../testing/certificates.ts'
import { findQuietPortPair } from '../../../testing/free-ports.ts'
import { places } from '../places.ts'

/** The lines that pass WebSockets on. */
export const passesUpgrades =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host;'

/** A server of nginx in front of the gateway. */
export interface NginxServer {
  /** Lines of its only location, beside `proxy_pass`. */
  readonly lines: string
  /** Absent: without TLS. */
  readonly tls?: Credentials
}

/** A running nginx with a port of 127.0.0.1 for each of its servers. */
export interface Nginx<Name extends string> {
  readonly ports: Readonly<Record<Name, number>>
  stop(): Promise<void>
}

/** Starts nginx, and returns when it accepts connections. It compresses all answers, as many installations do. */
export async function startNginx<Name extends string>(
  upstream: number,
  servers: Readonly<Record<Name, NginxServer>>,
): Promise<Nginx<Name>> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-nginx-'))
  const names = Object.keys(servers) as Name[]
  const found = new Set<number>()
  while (found.size < names.length) found.add(await findQuietPortPair())
  const ports = Object.fromEntries(names.map((name, index) => [name, [...found][index]])) as Record<Name, number>
  const blocks = names.map((name) => {
    const { lines, tls } = servers[name]
    if (tls !== undefined) {
      writeFileSync(join(folder, `${name}.pem`), tls.certificate)
      writeFileSync(join(folder, `${name}.key`), tls.key, { mode: 0o600 })
    }
    const secure = tls === undefined ? '' : `ssl_certificate ${name}.pem; ssl_certificate_key ${name}.key;`
    const listen = `listen 127.0.0.1:${ports[name]}${tls === undefined ? '' : ' ssl'};`
    return `  server { ${listen} ${secure} location / { proxy_pass http://127.0.0.1:${upstream}; ${lines} } }`
  })
  writeFileSync(
    join(folder, 'nginx.conf'),
    `
daemon off; error_log stderr; pid nginx.pid; worker_processes 1;
events {}
http {
  access_log off; gzip on; gzip_types *;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${blocks.join('\n')}
}
`,
  )
  const server = spawn(places.nginx, ['-p', folder, '-c', 'nginx.conf'], { stdio: 'ignore' })
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) {
      server.kill('SIGTERM')
      await once(server, 'close')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (const name of names) await vi.waitFor(() => canConnect(ports[name]), { timeout: 10_000, interval: 50 })
  } catch (error) {
    await stop()
    throw error
  }
  return { ports, stop }
}

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(void socket.destroy()))
    socket.once('error', reject)
  })
}
