/** Names of variables that let whoever sets them run code in, or redirect the traffic of, the program they are set for. */
const DANGEROUS =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|LD_.*|DYLD_.*|PATH|PATHEXT|COMSPEC|SHELL|PYTHONSTARTUP|PYTHONPATH|PYTHONHOME|PYTHONINSPECT|BASH_ENV|ENV|ZDOTDIR|IFS|PERL5LIB|PERL5OPT|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|GIT_SSH|GIT_SSH_COMMAND|GIT_EXEC_PATH|npm_config_.*|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|UV_INDEX_URL|UV_DEFAULT_INDEX|.*_PROXY)$/i;

/** The variables of an entry that nobody but the user may set. */
export function dangerousNames(env: unknown): readonly string[] {
  return typeof env === 'object' && env !== null ? Object.keys(env).filter((name) => DANGEROUS.test(name)) : [];
}
