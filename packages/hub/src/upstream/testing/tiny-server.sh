#!/bin/sh
# A small MCP server of the older protocol that starts in a millisecond. Its tool says how often it was called, in which
# process and folder; "hang" never answers, "exit" ends it. What "$1" is printed to stderr first.
[ -n "$1" ] && printf '%s\n' "$1" >&2
calls=0
while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
    *'"method":"initialize"'*) result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"tiny","version":"1"}}' ;;
    *'"method":"tools/list"'*) result='{"tools":[{"name":"count","inputSchema":{"type":"object"}}]}' ;;
    *'"method":"ping"'*) result='{}' ;;
    *'"name":"hang"'*) continue ;;
    *'"name":"exit"'*) exit 3 ;;
    *'"method":"tools/call"'*)
      calls=$((calls + 1))
      result="{\"content\":[{\"type\":\"text\",\"text\":\"$calls $$ $PWD\"}]}"
      ;;
    *'"id":'*)
      printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id"
      continue
      ;;
    *) continue ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
