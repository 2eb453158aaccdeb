/** Templates that fill the emit form. */
export interface Template {
  readonly label: string
  readonly type: string
  readonly payload: (nowMs: number) => unknown
}

export const templates: readonly [Template, ...Template[]] = [
  {
    label: 'Notification',
    type: 'notifications.drawer',
    payload: (nowMs) => ({
      title: 'Report is ready',
      description: 'Sales of last week, 12 pages',
      created: new Date(nowMs).toISOString(),
      severity: 'info',
      read: false,
    }),
  },
  { label: 'Short greeting', type: 'hello', payload: () => ({ title: 'It works' }) },
  {
    label: 'Permissions changed',
    type: 'access.permissions.changed',
    payload: (nowMs) => ({ reason: 'role-assigned', at: new Date(nowMs).toISOString(), refetch: ['permissions', 'navigation'] }),
  },
  { label: 'Progress of a job', type: 'jobs.progress', payload: () => ({ job: 'export-42', done: 640, total: 1000, unit: 'rows' }) },
  {
    label: 'Unicode',
    type: 'text.sample',
    payload: () => ({ greeting: ['Grüß Gott', 'こんにちは', 'שלום', '👋🏽'], note: 'Any text arrives as it was sent.' }),
  },
  { label: 'Half a kilobyte', type: 'load.sample', payload: () => ({ filler: 'carillon '.repeat(50) }) },
]
