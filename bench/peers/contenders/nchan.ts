import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { failed, ok, type Result } from '../../../program/result.ts'
import { findCommand } from '../../../scripts/find-command.ts'
import type { Contender, Launch, LaunchOptions, PrepareOptions } from './contender.ts'
import { nodeLaunch } from './node-launch.ts'
import { runStep } from './run-step.ts'

/** nginx with the module nchan; messages are in its memory. */
export const nchan: Contender = {
  name: 'nchan',
  title: 'nchan',
  dialect: 'nchan',
  build: 'nchan',
  resumes: true,
  prepare: unpackNchan,
  launch: launchNchan,
}

export const nchanEventSource: Contender = {
  ...nchan,
  name: 'nchan-sse',
  title: 'nchan, event streams',
  dialect: 'nchanEventSource',
  leavesOut: {
    stalled: 'as nchan: the transport changes nothing here',
    storm: 'as nchan: the transport changes little here',
    targeted: 'as nchan: publishing is what costs here',
    loss: 'as nchan: both come back with the id of the last message',
  },
}

// ---- nginx and its module, from Debian

const packages = ['nginx', 'libnginx-mod-nchan']
const modulePath = 'usr/lib/nginx/modules/ngx_nchan_module.so'
const remedy = `It comes from Debian's packages ${packages.join(' and ')}, on Debian or a system with the same packages: run \`apt-get update\` first.`

/** Fetches the packages and unpacks them in the folder: no root, and nothing is installed. */
async function unpackNchan({ directory, say }: PrepareOptions): Promise<Result<string, string>> {
  const versionFile = join(directory, 'version.txt')
  if (existsSync(versionFile)) return ok(readFileSync(versionFile, 'utf8'))
  const missing = ['apt-get', 'dpkg'].filter((command) => findCommand(command) === null)
  if (missing.length > 0) return failed(`there is no \`${missing.join('`, `')}\` on the PATH. ${remedy}`)
  mkdirSync(directory, { recursive: true })
  say('fetching nginx and nchan')
  const fetched = await runStep('apt-get', ['download', ...packages], directory)
  if (!fetched.ok) return failed(`${fetched.error}. ${remedy}`)
  const archives = readdirSync(directory).filter((file) => file.endsWith('.deb'))
  for (const archive of archives) {
    const unpacked = await runStep('dpkg', ['-x', archive, '.'], directory)
    if (!unpacked.ok) return unpacked
  }
  const moved = moveMessageFolder(join(directory, modulePath))
  if (!moved.ok) return moved
  const version = versionOf(archives)
  writeFileSync(versionFile, version)
  return ok(version)
}

/** Returns the version of the module, and that of nginx: `NAME_1%3a1.3.6+dfsg-2_amd64.deb` has it between the lines. */
export function versionOf(archives: readonly string[]): string {
  const [nginx = '', nchanVersion = ''] = packages.map((name) => {
    const archive = archives.find((file) => file.startsWith(`${name}_`)) ?? ''
    return /_(?:\d+%3a)?([\d.]+)/.exec(archive)?.[1] ?? 'unknown'
  })
  return `${nchanVersion}, nginx ${nginx}`
}

const compiledFolder = '/var/lib/nginx/body'
/** Path of the same length, relative to nginx' prefix. */
const ownFolder = 'nchan-message-files'

/**
 * The module makes this folder at each start, and its directive for another one is refused as a duplicate. A folder of the system would need
 * root, so the unpacked copy gets a path that is relative to the server's own folder.
 */
function moveMessageFolder(file: string): Result<null, string> {
  const bytes = readFileSync(file)
  const at = bytes.indexOf(compiledFolder)
  if (at < 0 || bytes.indexOf(compiledFolder, at + 1) >= 0)
    return failed('its module is another one than Debian 12 has. Run it on Debian 12.')
  bytes.write(ownFolder, at, 'latin1')
  writeFileSync(file, bytes)
  return ok(null)
}

// ---- its configuration

function launchNchan(options: LaunchOptions): Launch {
  return { ...nodeLaunch('nchan', options), files: { 'nginx.conf': configOf(options) } }
}

/** Each client has a connection, and in a storm a second one for the question about it. */
const maxConnections = 19_500

/**
 * History as in Centrifugo's row: 300 messages for 300 s. The shared memory is as large as the measures need; only what is used counts.
 * `auth_request` asks the backend of `servers/nchan.ts`, whose answer names the user, and so the second channel.
 */
function configOf({ port, key, buildDirectory }: LaunchOptions): string {
  const subscriber = `
      auth_request /authorize;
      auth_request_set $user $upstream_http_x_user;
      nchan_channel_id all "user:$user";
      nchan_subscriber_first_message newest;`
  return `load_module ${join(buildDirectory, modulePath)};
user ${userInfo().username};
daemon off;
pid nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections ${maxConnections}; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  nchan_shared_memory_size 1G;
  nchan_message_buffer_length 300;
  nchan_message_timeout 300s;
  upstream authorizer { server 127.0.0.1:${port + 1}; keepalive 128; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /authorize {
      internal;
      proxy_pass http://authorizer;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
    location = /ws {${subscriber}
      nchan_subscriber websocket;
      nchan_websocket_ping_interval 30s;
    }
    location = /events {${subscriber}
      nchan_subscriber eventsource;
      nchan_eventsource_ping_interval 30s;
    }
    location = /publish {
      if ($http_authorization != "Bearer ${key}") { return 403; }
      nchan_publisher http;
      nchan_channel_id $arg_to;
    }
  }
}
`
}
