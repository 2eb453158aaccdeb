/** Part of `make verify`: checks the subjects of the commits since the rules hold. */
import { fileURLToPath } from 'node:url'
import { checkCommits } from './check-commits.ts'

/** The last commit that the rules do not bind. */
const base = 'e17df02ec278ea589119ec4c6b056ae9bf4fff00'

const outcome = checkCommits(fileURLToPath(new URL('../..', import.meta.url)), base)
if (outcome.kind === 'unknown') {
  console.log(`Subjects of commits were not checked: ${outcome.why}.`)
} else {
  for (const { hash, subject, problems } of outcome.refused)
    console.error(`commit ${hash} "${subject}": ${problems.join('; ')}. Reword it with git rebase.`)
  process.exitCode = outcome.refused.length === 0 ? 0 : 1
}
