/**
 * Starts nginx with nchan, and is the backend that it asks about each new subscriber: nginx without a licence verifies no tokens. Both
 * share the processor of the measured server.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { readServerEnvironment } from './environment.ts'
import { createVerifier } from './verifier.ts'

const environment = readServerEnvironment(process.env)
const verify = createVerifier(environment)

const authorizer = createServer((request, response) => {
  const decide = async (): Promise<void> => {
    const user = await verify(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    response.writeHead(user === null ? 401 : 200, { 'content-length': 0, ...(user === null ? {} : { 'x-user': user }) }).end()
  }
  void decide()
})
// nginx keeps these connections, and closes them itself.
authorizer.keepAliveTimeout = 0

// With a backlog, a storm of subscribers waits. A Unix socket would refuse it.
authorizer.listen(environment.publishPort, '127.0.0.1', 4096, () => {
  const here = process.cwd()
  const nginx = spawn(join(environment.packages, 'usr/sbin/nginx'), ['-p', `${here}/`, '-c', join(here, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.on('SIGTERM', () => void nginx.kill('SIGTERM'))
  nginx.on('exit', (code) => process.exit(code ?? 1))
})
