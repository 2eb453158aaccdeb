import type { Target } from './report/targets.ts'

/** What we want to be able to say; a run says whether it is so. */
export const wanted: readonly Target[] = [
  {
    what: 'Broadcast, deliveries per CPU second: ours / Centrifugo',
    measure: 'broadcast',
    contender: 'centrifugo',
    key: 'perCpuSecond',
    min: 2,
  },
  { what: 'Broadcast, p99: ours / Centrifugo', measure: 'broadcast', contender: 'centrifugo', key: 'p99', max: 1 },
  {
    what: 'Broadcast, deliveries per CPU second: ours / Socket.IO',
    measure: 'broadcast',
    contender: 'socketio',
    key: 'perCpuSecond',
    min: 3,
  },
  { what: 'Broadcast, p99: ours / Socket.IO', measure: 'broadcast', contender: 'socketio', key: 'p99', max: 1 },
  { what: 'Targeted, events per CPU second: ours / Centrifugo', measure: 'targeted', contender: 'centrifugo', key: 'perCpuSecond', min: 1 },
  { what: 'Idle, RSS per connection: ours / Centrifugo', measure: 'idle', contender: 'centrifugo', key: 'rss', max: 0.5 },
  { what: 'Loss: deliveries that are missing', measure: 'loss', contender: null, key: 'missing', max: 0 },
  { what: 'Loss: duplicates', measure: 'loss', contender: null, key: 'duplicates', max: 0 },
  { what: "Stalled reader: the others' p99 beside it / without it", measure: 'stalled', contender: null, key: 'ratio', max: 1.1 },
]
