import { must, type CommandResult, type Run } from './command.ts'
import { listOf, type Manifest } from './manifests.ts'

/** Of the fields that `make up` and the e2e suites set. */
export const fieldManager = 'carillon-e2e'

/** Server-side, and over what others have set: what stands in our files is what shall be. */
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

/** @param target as `deployment/traefik` */
export function rollout(run: Run, target: string, { namespace, seconds }: { readonly namespace: string; readonly seconds: number }): Promise<CommandResult> {
  return run('kubectl', ['rollout', 'status', target, '--namespace', namespace, `--timeout=${seconds}s`])
}

/** @param what as `rtc/chrome-service` */
export function waitFor(run: Run, condition: string, what: string, { namespace, seconds }: { readonly namespace: string; readonly seconds: number }): Promise<CommandResult> {
  return run('kubectl', ['wait', `--for=${condition}`, what, '--namespace', namespace, `--timeout=${seconds}s`])
}

/** @param names as `httproutes.gateway.networking.k8s.io` */
export async function waitForDefinitions(run: Run, names: readonly string[], { seconds, pauseMs = 250 }: { readonly seconds: number; readonly pauseMs?: number }): Promise<CommandResult> {
  const deadlineMs = Date.now() + seconds * 1000
  for (;;) {
    const result = await run('kubectl', ['wait', '--for=condition=Established', ...names.map((name) => `crd/${name}`), `--timeout=${seconds}s`])
    // A definition that is quite new has `conditions: null`, which kubectl takes for an error.
    if (result.code === 0 || !result.stderr.includes('accessor error') || Date.now() > deadlineMs) return result
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** How many of the objects that were applied are new or have changed, for people. */
export function countApplied(output: string): string {
  const lines = output.trim().split('\n').filter((line) => line !== '')
  return `${lines.length} objects`
}
