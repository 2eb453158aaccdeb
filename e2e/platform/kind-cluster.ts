import { must, type Run } from './command.ts'
import type { PlatformOptions } from './options.ts'
import type { Place } from './place.ts'
import { StepFailure } from './step-failure.ts'

/** Node ports of e2e/kind.yaml, by its host ports. */
const mappings = { http: { nodePort: 30_080, hostPort: 8080 }, https: { nodePort: 30_443, hostPort: 8443 } } as const

/**
 *
 * @param text of e2e/kind.yaml @returns the same with the host ports and the address family of the options
 */
export function clusterConfig(
  text: string,
  { httpPort, httpsPort, ipFamily }: Pick<PlatformOptions, 'httpPort' | 'httpsPort' | 'ipFamily'>,
): string {
  const ports: Readonly<Record<string, number>> = { [mappings.http.hostPort]: httpPort, [mappings.https.hostPort]: httpsPort }
  // kind publishes the API server of an IPv6 cluster on ::1, which some machines lack.
  const networking = ipFamily === 'ipv4' ? '' : `networking:\n  ipFamily: ${ipFamily}\n  apiServerAddress: 127.0.0.1\n`
  return text
    .replace(/^nodes:$/m, `${networking}nodes:`)
    .replaceAll(/(hostPort: )(\d+)/g, (_, label: string, port: string) => `${label}${ports[port] ?? port}`)
}

/** Makes the cluster, or finds it, and writes its kubeconfig. @returns what was done */
export async function ensureCluster(
  run: Run,
  place: Place,
  { config, progress }: { readonly config: string; readonly progress: (detail: string) => void },
): Promise<string> {
  const isThere = (await clusters(run)).includes(place.cluster)
  if (isThere) {
    await must(
      run('kind', ['export', 'kubeconfig', '--name', place.cluster, '--kubeconfig', place.files.kubeconfig]),
      `The kubeconfig of the cluster ${place.cluster} could not be read`,
    )
    await expectPorts(run, place)
  } else {
    const words = ['create', 'cluster', '--name', place.cluster, '--kubeconfig', place.files.kubeconfig, '--config', '-', '--wait', '120s']
    const todo = `see whether ports ${place.httpPort} and ${place.httpsPort} are free (--http-port, --https-port), and whether docker has enough memory: three nodes need 3 GB`
    await must(run('kind', words, { input: config, onLine: progress }), 'kind could not make the cluster', todo)
  }
  const ready = await run('kubectl', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'])
  await must(
    Promise.resolve(ready),
    'The nodes of the cluster are not ready',
    `\`make down\` and \`make up\` recreate it; \`kind export logs --name ${place.cluster}\` collects the logs of the nodes`,
  )
  return `${ready.stdout.trim().split('\n').length} nodes${isThere ? ', there already' : ''}`
}

export async function clusters(run: Run): Promise<readonly string[]> {
  return words(await must(run('kind', ['get', 'clusters']), 'kind could not list its clusters'))
}

export async function nodesOf(run: Run, cluster: string): Promise<readonly string[]> {
  return words(await must(run('kind', ['get', 'nodes', '--name', cluster]), 'kind could not list the nodes of the cluster')).toSorted()
}

export async function deleteCluster(run: Run, place: Place): Promise<void> {
  await must(
    run('kind', ['delete', 'cluster', '--name', place.cluster, '--kubeconfig', place.files.kubeconfig]),
    'kind could not delete the cluster',
  )
}

/** Host ports of the cluster: it keeps those that it was made with. */
async function expectPorts(run: Run, { cluster, httpPort, httpsPort }: Place): Promise<void> {
  const expected = [
    [mappings.http.nodePort, httpPort],
    [mappings.https.nodePort, httpsPort],
  ] as const
  for (const [nodePort, hostPort] of expected) {
    const { stdout } = await run('docker', ['port', `${cluster}-control-plane`, `${nodePort}/tcp`])
    if (stdout.trim() !== `127.0.0.1:${hostPort}`) {
      throw new StepFailure(`The cluster ${cluster} exists and listens on ${stdout.trim() || 'nothing'}, not on 127.0.0.1:${hostPort}.`, {
        todo: 'give the ports that it was made with, or `make down` first',
      })
    }
  }
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')
