import { pageScript } from '../../../testing/engines/page-script.ts'
import { createPrometheusMetrics } from '../../observability/prometheus.ts'
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.ts'
import { type ConsoleAsset, loadConsole } from '../load-console.ts'

/** A gateway in development mode whose console tells a test what it complains of. It also has an empty page, `/console/blank`. */
export interface WatchedGateway extends TestGateway {
  /** `http://localhost:<port>` */
  readonly origin: string
  /** Returns the open connections, as `/metrics` has them. */
  sessions(): Promise<Readonly<Record<'websocket' | 'sse', number>>>
}

export async function startWatchedGateway(): Promise<WatchedGateway> {
  const prometheus = createPrometheusMetrics()
  const consoleAssets = withPageScript(await loadConsole({ channel: 'chrome-service', isDevelopment: true }))
  const gateway = await startTestGateway({ adapters: { consoleAssets, metrics: prometheus.metrics, metricsPage: prometheus } })
  const sessions = async (): Promise<Readonly<Record<'websocket' | 'sse', number>>> => {
    const page = await (await fetch(`${gateway.internalUrl}/metrics`)).text()
    const count = (transport: string): number =>
      Number(new RegExp(`^carillon_sessions\\{[^}]*transport="${transport}"[^}]*\\} (\\d+)$`, 'm').exec(page)?.[1])
    return { websocket: count('websocket'), sse: count('sse') }
  }
  return { ...gateway, origin: gateway.url.replace('127.0.0.1', 'localhost'), sessions }
}

/** The page's own policy allows the script: it is of the page's origin. */
function withPageScript(assets: ReadonlyMap<string, ConsoleAsset>): ReadonlyMap<string, ConsoleAsset> {
  const [page, script] = [assets.get('/console'), assets.get('/console/app.js')]
  const html = page?.body.toString().replace('<head>', '<head><script src="/console/watch.js"></script>')
  if (page === undefined || script === undefined || html?.includes('watch.js') !== true)
    throw new Error('The console has no <head> or no app.js any more: mend this test double.')
  return new Map([
    ...assets,
    ['/console', { ...page, body: Buffer.from(html) }],
    [
      '/console/blank',
      { ...page, body: Buffer.from('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Blank</title></html>') },
    ],
    ['/console/watch.js', { ...script, body: Buffer.from(pageScript) }],
  ])
}
