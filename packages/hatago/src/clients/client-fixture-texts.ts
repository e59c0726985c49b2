/** As Claude Code keeps it. */
export const CLAUDE_CODE: string = `{
  "numStartups": 41,
  "installMethod": "native",
  "tipsHistory": { "new-user-warmup": 1,   "shift-enter": 27 },
  "userID": "b3f5",
  "projects": {
    "/work/app": {
      "allowedTools": [],
      "history": [{ "display": "say \\"hi\\" }", "pastedContents": {} }],
      "mcpServers": {
        "tickets": { "type": "sse", "url": "https://tickets.example.com/sse" }
      },
      "hasTrustDialogAccepted": true
    },
    "/work/other": { "mcpServers": {}, "exampleFiles": [] }
  },
  "mcpServers": {
    "playwright": {
      "type": "stdio",
      "command": "npx",
      "args": [
        "@playwright/mcp@latest"
      ],
      "env": {}
    },
    "sentry": { "type": "http", "url": "https://mcp.sentry.dev/mcp", "headers": { "Authorization": "Bearer \${SENTRY_TOKEN}" } }
  },
  "oauthAccount": {
    "emailAddress": "ada@example.com"
  }
}
`;

/** As Claude Desktop keeps it. */
export const CLAUDE_DESKTOP: string = `{
    "globalShortcut": "",
    "mcpServers": {
        "filesystem": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-filesystem", "/Users/ada/Desktop"]
        },
        "github": {
            "command": "docker",
            "args": ["run", "-i", "--rm", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN", "ghcr.io/github/github-mcp-server"],
            "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_0123" }
        }
    }
}
`;

/** As Cursor keeps it. */
export const CURSOR: string = `{
\t// team servers
\t"mcpServers": {
\t\t"db": {
\t\t\t"command": "\${userHome}/bin/db-mcp",
\t\t\t"args": ["--root", "\${workspaceFolder}"],
\t\t\t"env": { "DB_URL": "\${env:DB_URL}", },
\t\t},
\t\t"docs": { "url": "https://docs.example.com/mcp", "headers": { "X-Api-Key": "\${env:DOCS_KEY}" } }, // slow
\t},
}
`;

/** As VS Code keeps it. */
export const VSCODE: string = `{
  "inputs": [
    { "type": "promptString", "id": "perplexity-key", "description": "API key", "password": true }
  ],
  "servers": {
    // https://github.com/ppl-ai/modelcontextprotocol
    "perplexity": {
      "type": "stdio",
      "command": "docker",
      "args": ["run", "-i", "--rm", "mcp/perplexity-ask"],
      "env": { "PERPLEXITY_API_KEY": "\${input:perplexity-key}" },
      "dev": { "watch": "src/**/*.ts" }
    },
    "fetch": { "type": "http", "url": "https://fetch.example.com/mcp" } // keep
    /* the end */
  }
}
`;

/** As an older VS Code keeps it. */
export const VSCODE_SETTINGS: string = `{
  "editor.fontSize": 13,
  "mcp": {
    "servers": {
      "time": { "command": "uvx", "args": ["mcp-server-time"] },
    },
  },
  "window.zoomLevel": 1,
}
`;

/** As Codex keeps it. */
export const CODEX: string = `# what I use
model = "gpt-6"
approval_policy = "on-request"   # ask me
notify = ["sh", "-c", """
echo '[mcp_servers.hatago]'
"""]

[mcp_servers.context7]
command = "npx"
args = [
  "-y",          # no questions
  "@upstash/context7-mcp",
]
env_vars = ["CONTEXT7_API_KEY"]
startup_timeout_sec = 20

[mcp_servers.context7.env]
NODE_ENV = 'production'

[mcp_servers."my figma"]
url = "https://mcp.figma.com/mcp"
bearer_token_env_var = "FIGMA_TOKEN"
http_headers = { "X-Figma-Region" = "us-east-1" }
env_http_headers = { "X-Team" = "FIGMA_TEAM" }
enabled = false
tool_timeout_sec = 90.5
enabled_tools = ["get_code"]

[projects."/work/app"]
trust_level = "trusted"

# the end
`;

/** As Gemini CLI keeps it. */
export const GEMINI: string = `{
  "theme": "Default",
  "mcpServers": {
    "py": {
      "command": "python", "args": ["-m", "my_server"],
      "env": { "API_KEY": "$MY_KEY", "REGION": "\${REGION}" },
      "cwd": "./server",
      "timeout": 30000,
      "trust": false,
      "includeTools": ["a"], "excludeTools": ["b"]
    },
    "old": { "url": "http://localhost:8080/sse" },
    "new": { "httpUrl": "http://localhost:8081/mcp", "headers": { "Accept-Language": "en" } }
  },
  "selectedAuthType": "gemini-api-key"
}
`;

/** As Windsurf keeps it. */
export const WINDSURF: string = `{
  "mcpServers": {
    "remote": {
      "serverUrl": "https://api.example.com/mcp",
      "headers": { "Authorization": "Bearer \${env:EXAMPLE_TOKEN}" }
    },
    "git": { "command": "py", "args": ["-m", "mcp_server_git"], "disabled": true, "env": {}, "disabledTools": ["push"] }
  }
}
`;

/** As Zed keeps it. */
export const ZED: string = `// Zed settings
//
// For information on how to configure Zed, see the docs.
{
  "theme": { "mode": "system", "light": "One Light", "dark": "One Dark" },
  /* servers */
  "context_servers": {
    "mcp-server-context7": {
      "enabled": true,
      "settings": { "key": "abc" }
    },
    "local": {
      "source": "custom",
      "enabled": true,
      "command": "uv",
      // "command": "/home/ada/.local/bin/uv",
      "args": ["run", "main.py"],
      "env": {},
    },
    "older": { "source": "custom", "command": { "path": "node", "args": ["a.js"], "env": { "A": "1" } } },
    "far": { "url": "https://far.example.com/mcp" },
  },
  "vim_mode": false,
}
`;

/** As Cline keeps it. */
export const CLINE: string = `{
  "mcpServers": {
    "local-server": {
      "command": "node",
      "args": ["/path/to/server.js"],
      "env": { "API_KEY": "your_api_key" },
      "alwaysAllow": ["tool1"],
      "disabled": false,
      "timeout": 60
    },
    "sse": { "url": "https://old.example.com/mcp", "autoApprove": [] },
    "http": { "type": "streamableHttp", "url": "https://new.example.com/mcp" }
  }
}`;

/** As Goose keeps it. */
export const GOOSE: string = `GOOSE_PROVIDER: anthropic   # mine
GOOSE_MODEL: "claude"
extensions:
  developer:
    bundled: true
    enabled: true
    name: developer
    timeout: 300
    type: builtin
  # from the office
  jira:
    enabled: true
    type: stdio
    name: jira
    cmd: uvx
    args:
    - mcp-atlassian
    - '--read-only'
    envs:
      JIRA_URL: https://jira.example.com
    env_keys:
    - JIRA_TOKEN
    timeout: 120
    description: ''
  remote:
    enabled: false
    type: streamable_http
    uri: https://mcp.example.com/mcp
    headers: {X-Team: core}   # who
    name: remote

GOOSE_MODE: smart_approve
notes: |
  extensions:
    hatago: not me
`;

/** As opencode 1 keeps it. */
export const OPENCODE: string = `{
  "$schema": "https://opencode.ai/config.json",
  "theme": "opencode",
  // servers
  "mcp": {
    "everything": {
      "type": "local",
      "command": ["npx", "-y", "@modelcontextprotocol/server-everything"],
      "environment": { "TOKEN": "{env:EVERYTHING_TOKEN}" },
      "enabled": true,
      "timeout": 5000,
    },
    "jira": { "type": "remote", "url": "https://jira.example.com/mcp", "enabled": false },
  },
}
`;

/** As opencode 2 keeps it. */
export const OPENCODE_2: string = `{
  "mcp": {
    "servers": {
      "everything": { "type": "local", "command": ["npx", "-y", "everything"], "cwd": ".", "disabled": true }
    }
  }
}
`;

/** As Junie keeps it. */
export const JUNIE: string = `{"mcpServers": {"sequential": {"command": "npx", "args": ["-y", "seq"]},
  "remote": {"url": "https://r.example.com/mcp", "headers": {"Authorization": "Bearer abc"}}}}
`;
