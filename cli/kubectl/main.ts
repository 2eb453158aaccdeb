/** The entry of the kubectl plugin. kubectl runs a program `kubectl-carillon` on the PATH for `kubectl carillon`. */
import { messageOf } from '../../program/message-of.ts'
import { exitCodes } from '../exit-codes.ts'
import { isOldNode, oldestNode } from './node-version.ts'

if (isOldNode(process.versions.node)) {
  process.stderr.write(
    `kubectl carillon: Node.js ${process.versions.node} is too old for the Kubernetes client. Install ${oldestNode} or later.\n`,
  )
  process.exitCode = exitCodes.failed
} else {
  try {
    // The Kubernetes client does not load on an older Node.js, so the check comes first.
    const { runPluginProcess } = await import('./plugin-process.ts')
    await runPluginProcess()
  } catch (error) {
    process.stderr.write(`kubectl carillon failed: ${messageOf(error)}\n`)
    process.exitCode = exitCodes.failed
  }
}
