import { sleep } from '../../program/waiting.ts'
import { must, type CommandResult, type Run } from './command.ts'
import { listOf, type Manifest } from './manifests.ts'

/** Field manager of `make up` and the e2e suites. */
export const fieldManager = 'carillon-e2e'

/** Applies server-side and takes over fields of other managers: our files are the desired state. */
const applyWords = ['apply', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, '--filename'] as const

export async function applyFile(run: Run, source: string): Promise<string> {
  return must(run('kubectl', [...applyWords, source]), `kubectl could not apply ${source}`)
}

export async function applyText(run: Run, text: string, what: string): Promise<string> {
  return must(run('kubectl', [...applyWords, '-'], { input: text }), `kubectl could not apply ${what}`)
}

export async function applyObjects(run: Run, objects: readonly Manifest[]): Promise<string> {
  const what = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')
  return applyText(run, listOf(objects), what)
}

/**
 *
 * @param target as `deployment/traefik`
 */
export function rollout(
  run: Run,
  target: string,
  { namespace, seconds }: { readonly namespace: string; readonly seconds: number },
): Promise<CommandResult> {
  return run('kubectl', ['rollout', 'status', target, '--namespace', namespace, `--timeout=${seconds}s`])
}

interface Patience {
  readonly seconds: number
  /** @default 250 */
  readonly pauseMs?: number
}

/**
 *
 * @param what as `rtc/chrome-service`; it need not exist yet
 */
export function waitFor(
  run: Run,
  condition: string,
  what: string,
  { namespace, ...patience }: Patience & { readonly namespace: string },
): Promise<CommandResult> {
  return waitPatiently(run, [`--for=${condition}`, what, '--namespace', namespace], patience)
}

/** @param names as `httproutes.gateway.networking.k8s.io` */
export function waitForDefinitions(run: Run, names: readonly string[], patience: Patience): Promise<CommandResult> {
  return waitPatiently(run, ['--for=condition=Established', ...names.map((name) => `crd/${name}`)], patience)
}

/** `kubectl wait` gives up at once on a missing object, and on a definition so new that its conditions are null. */
async function waitPatiently(run: Run, words: readonly string[], { seconds, pauseMs = 250 }: Patience): Promise<CommandResult> {
  const deadlineMs = Date.now() + seconds * 1000
  for (;;) {
    const leftS = Math.max(1, Math.ceil((deadlineMs - Date.now()) / 1000))
    const result = await run('kubectl', ['wait', ...words, `--timeout=${leftS}s`])
    const isTooEarly = /accessor error|\(NotFound\)/.test(result.stderr)
    if (result.code === 0 || !isTooEarly || Date.now() > deadlineMs) return result
    await sleep(pauseMs)
  }
}

/** Returns how many applied objects are new or have changed, for people. */
export function countApplied(output: string): string {
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => line !== '')
  return `${lines.length} objects`
}
