/** `make reload`: brings the changes of this checkout, as a new image, into the cluster of `make up`. */
import { bringChanges } from './platform/bring-up.ts'
import { runCommandLine } from './platform/command-line.ts'
import { findPlatform } from './platform/open-platform.ts'
import { StepFailure } from './platform/step-failure.ts'

const what = 'Rebuilds the image, loads it into the cluster of `make up`, and replaces the operator and the gateways.'

process.exitCode = await runCommandLine(
  {
    name: 'reload',
    what,
    run: async (options) => {
      const platform = await findPlatform(options, process.env)
      if (platform === null) throw new StepFailure(`There is no cluster ${options.name} of \`make up\`.`, { todo: '`make up` first' })
      return bringChanges(platform, console.log)
    },
  },
  process.argv.slice(2),
  process.env,
)
