/**
 * `make up`: makes a kind cluster with Kafka, Traefik, the operator and a channel. It can run again at any time, and does only what is
 * missing.
 */
import { runCommandLine } from './platform/command-line.ts'
import { bringUp } from './platform/bring-up.ts'
import { newPlatform } from './platform/open-platform.ts'
import { renderSummary } from './platform/summary.ts'

const what = 'Makes a kind cluster with Kafka, Traefik, the operator and a channel; a second run does what is missing.'

process.exitCode = await runCommandLine(
  {
    name: 'up',
    what,
    run: async (options) => {
      const platform = await newPlatform(options, process.env)
      const startedMs = Date.now()
      const isUp = await bringUp(platform, console.log)
      if (isUp) console.log(renderSummary(platform, (Date.now() - startedMs) / 1000))
      else
        console.error(
          '\nIt is not up. Fix the failure above and run `make up` again: it goes on from there. `make down` removes everything.',
        )
      return isUp
    },
  },
  process.argv.slice(2),
  process.env,
)
