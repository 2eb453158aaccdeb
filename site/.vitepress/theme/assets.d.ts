/** Files that the bundler turns into modules. */
declare module '*.css'

declare module '*?url' {
  const url: string
  export default url
}
