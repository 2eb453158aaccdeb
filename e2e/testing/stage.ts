import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFailed } from 'vitest'
import { type CommandOptions, type CommandResult, lastLines, must } from '../platform/command.ts'
import { diagnose } from '../platform/diagnose.ts'
import { askIngress, type IngressRequest, type IngressResponse } from '../platform/ingress-request.ts'
import { applyObjects, rollout, waitFor } from '../platform/kubectl.ts'
import { keysConfigMap, type Manifest, restrictedNamespace } from '../platform/manifests.ts'
import { findPlatform, root } from '../platform/open-platform.ts'
import { parsePlatformOptions } from '../platform/options.ts'
import { namespaces, type Platform } from '../platform/platform-steps.ts'

/** A namespace of its own on the platform, and what a suite needs there. */
export interface Stage {
  readonly platform: Platform
  readonly namespace: string
  /** Runs kubectl, in the namespace unless the words name another. Never rejects. */
  kubectl(words: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Runs a kubectl command that must succeed. @returns its output @throws Error with its output, when it fails */
  demand(words: readonly string[], options?: CommandOptions): Promise<string>
  apply(...objects: readonly Manifest[]): Promise<void>
  /** Waits for a condition, such as `condition=Ready` of `rtc/news`. @throws StepFailure when it does not come in time */
  reaches(what: string, condition: string, seconds?: number): Promise<void>
  /** Waits until a Deployment has rolled out. */
  rolledOut(deployment: string, seconds?: number): Promise<void>
  ask(request: IngressRequest): Promise<IngressResponse>
  /**
   *
   * @returns a token of the login that channels of this stage accept
   */
  token(claims: Readonly<Record<string, unknown>>, secondsToLive?: number): string
  /** Call it at the beginning of a test: when the test fails, it keeps the state of the cluster in artifacts/e2e. */
  keepEvidence(): void
  /** Deletes the namespace, and waits until it is gone. */
  empty(): Promise<void>
  /** Deletes the namespace without waiting: the next suite waits. */
  leave(): Promise<void>
}

/**
 *
 * @param env of this process: E2E_CLUSTER names the cluster @throws Error when there is no platform
 */
export async function openStage(suite: string, env: Readonly<Record<string, string | undefined>> = process.env): Promise<Stage> {
  return openStageIn(await platformFromEnv(env), `e2e-${suite}`)
}

/** Opens a stage in a namespace of any name, and empties it first. */
export async function openStageIn(platform: Platform, namespace: string): Promise<Stage> {
  const stage = createStage(platform, namespace)
  await stage.empty()
  await applyObjects(platform.run, [restrictedNamespace(namespace), keysConfigMap(namespace, platform.own.identity.jwks)])
  return stage
}

/** @throws Error when there is no platform */
export async function platformFromEnv(env: Readonly<Record<string, string | undefined>>): Promise<Platform> {
  const name = env['E2E_CLUSTER'] ?? 'carillon-e2e'
  const options = parsePlatformOptions(['--name', name], env)
  const platform = options.ok && options.value !== 'help' ? await findPlatform(options.value, env) : null
  if (platform === null)
    throw new Error(`There is no cluster ${name}. \`make e2e\` makes it; E2E_CLUSTER=carillon tests on that of \`make up\`.`)
  return platform
}

/** Creates a stage on a namespace that exists, or that a test makes. */
export function createStage(platform: Platform, namespace: string): Stage {
  const { run, own, place } = platform
  const kubectl = (words: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
    run('kubectl', ['--namespace', namespace, ...words], options)
  const demand = async (words: readonly string[], options?: CommandOptions): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(words, options)
    if (code !== 0) throw new Error([`kubectl ${words.join(' ')} left with ${code}:`, ...lastLines(`${stdout}${stderr}`, 10)].join('\n'))
    return stdout
  }
  return {
    platform,
    namespace,
    kubectl,
    demand,
    apply: async (...objects) => void (await applyObjects(run, objects)),
    reaches: async (what, condition, seconds = 120) => {
      const result = await waitFor(run, condition, what, { namespace, seconds })
      if (result.code !== 0)
        throw new Error(
          [`${what} did not reach ${condition} in ${seconds} s: ${result.stderr.trim()}`, ...(await diagnose(run, [namespace]))].join('\n'),
        )
    },
    rolledOut: async (deployment, seconds = 150) =>
      void (await must(rollout(run, `deployment/${deployment}`, { namespace, seconds }), `${deployment} did not roll out`)),
    ask: (request) => askIngress(place, own.ca.certificate, request),
    token: (claims, secondsToLive) => own.identity.token(claims, secondsToLive),
    keepEvidence: () => onTestFailed(async ({ task }) => collectEvidence(platform, namespace, task.name)),
    empty: async () =>
      void (await must(
        run('kubectl', ['delete', 'namespace', namespace, '--ignore-not-found', '--wait', '--timeout=300s']),
        `the namespace ${namespace} was not deleted`,
      )),
    leave: async () =>
      void (await must(
        run('kubectl', ['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']),
        `the namespace ${namespace} was not deleted`,
      )),
  }
}

/** Writes the state of the cluster to files, for failures in CI. */
async function collectEvidence({ run }: Platform, namespace: string, test: string): Promise<void> {
  const folder = join(root, 'artifacts/e2e', `${namespace} ${test}`.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 100))
  await mkdir(folder, { recursive: true })
  const places = [namespace, namespaces.operator, namespaces.traefik]
  const questions: Readonly<Record<string, readonly string[]>> = {
    'objects.yaml': [
      'get',
      'realtimechannels,deployments,services,ingresses,httproutes,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,pods',
      '--namespace',
      namespace,
      '--output',
      'yaml',
    ],
    'pods.txt': ['get', 'pods', '--all-namespaces', '--output', 'wide'],
    ...Object.fromEntries(places.map((each) => [`events-${each}.txt`, ['get', 'events', '--namespace', each, '--sort-by=.lastTimestamp']])),
    'log-gateways.txt': [
      'logs',
      '--namespace',
      namespace,
      '--selector',
      'app.kubernetes.io/name=carillon-gateway',
      '--tail=-1',
      '--prefix',
      '--max-log-requests=20',
    ],
    'log-operator.txt': [
      'logs',
      '--namespace',
      namespaces.operator,
      '--selector',
      'app.kubernetes.io/name=carillon-operator',
      '--tail=2000',
      '--prefix',
    ],
    'log-traefik.txt': ['logs', '--namespace', namespaces.traefik, 'deployment/traefik', '--tail=2000'],
  }
  await Promise.all(
    Object.entries(questions).map(async ([file, words]) => {
      const { stdout, stderr } = await run('kubectl', words)
      await writeFile(join(folder, file), `${stdout}${stderr}`)
    }),
  )
}
