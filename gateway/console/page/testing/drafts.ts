import type { Draft } from '../draft.ts'

/** The emit form, empty but for what a list always has. */
export const emptyDraft: Draft = {
  form: 'short',
  over: '',
  isBroadcast: true,
  users: '',
  usernames: '',
  organizations: '',
  roles: '',
  type: '',
  id: '',
  payload: 'null',
  copies: '1',
  source: '/console',
  subject: '',
  partitionKey: '',
  contentType: '',
  extensions: '',
  dataKind: 'json',
  mode: 'structured',
}
