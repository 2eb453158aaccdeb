import { output, ReleaseError } from './command.ts'
import type { Source } from './provenance.ts'

/**
 * Reads the commit of a checkout.
 * @throws ReleaseError when a file differs from the commit: a release holds what its commit holds
 */
export function readSource(root: string): Source {
  const changed = output('git', ['status', '--porcelain'], root).trimEnd()
  if (changed !== '')
    throw new ReleaseError(
      `The checkout differs from its commit. Commit or remove these files:\n${changed.split('\n').slice(0, 10).join('\n')}`,
    )
  const [commit = '', epoch = ''] = output('git', ['log', '-1', '--format=%H %ct'], root).trim().split(' ')
  return { commit, epoch: Number(epoch) }
}
