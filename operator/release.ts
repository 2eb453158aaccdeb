import { releaseFinalizers } from './reconcile/apply/release-finalizers.ts'
import { whileLeading, type Run } from './run.ts'

/**
 * `--release-finalizers`. Leads while it works: an operator that still runs, or is just ending, would add the finalizers again.
 * @returns the exit code
 */
export function runRelease(run: Run): Promise<number> {
  return whileLeading(run, () => release(run))
}

async function release({ config, mode, adapters, print }: Run): Promise<number> {
  const outcome = await releaseFinalizers({
    api: adapters.operator.api,
    namespaces: config.namespaces,
    isDryRun: mode.isDryRun,
    print,
  })
  if (!outcome.ok) {
    print(`The channels could not be listed: ${outcome.error.message}`)
    return 1
  }
  const { released, failed } = outcome.value
  print(`${released} channels ${mode.isDryRun ? 'would be ' : ''}released, ${failed} failed.`)
  return failed === 0 ? 0 : 1
}
