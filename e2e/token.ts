/** `make token`: writes a token of the sample's login to standard output. */
import { messageOf } from '../program/message-of.ts'
import { parseArgs } from 'node:util'
import { findPlatform } from './platform/open-platform.ts'
import { parsePlatformOptions } from './platform/options.ts'

const help = `Writes a token that the sample channel accepts.

  node e2e/token.ts [options], or make token ARGS="[options]"

  --user           Id of the user. [ada]
  --organization   Organization of the user. [acme]
  --role           A role; may be given several times.
  --scope          What the token may do besides receiving: carillon.emit.
  --seconds        Seconds until it expires. [3600]
  --name           Name of the kind cluster. [carillon]
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      user: { type: 'string', default: 'ada' },
      organization: { type: 'string', default: 'acme' },
      role: { type: 'string', multiple: true, default: [] },
      scope: { type: 'string', default: '' },
      seconds: { type: 'string', default: '3600' },
      name: { type: 'string', default: 'carillon' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void process.stdout.write(help)
  const options = parsePlatformOptions(['--name', values.name], process.env)
  const platform = options.ok && options.value !== 'help' ? await findPlatform(options.value, process.env) : null
  if (platform === null) throw new Error(`There is no cluster ${values.name} of \`make up\`.`)
  const claims = {
    user_id: values.user,
    username: values.user,
    org_id: values.organization,
    roles: values.role,
    ...(values.scope === '' ? {} : { scope: values.scope }),
  }
  process.stdout.write(`${platform.own.identity.token(claims, Number(values.seconds))}\n`)
}

try {
  await main()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
