export type { Control, ControlOptions } from './admin/admin-side.ts';
export type { Config, LimitsConfig, ServerConfig, TimeoutsConfig, ToolsConfig } from './control/config.ts';
export type {
  ApplyResult,
  Controller,
  DesiredState,
  GenerationDiff,
  GenerationRecord,
  ServerView,
} from './control/control-plane.ts';
export { findConfig } from './control/find-config.ts';
export type { Issue } from './control/issue.ts';
export { type LoadedConfig, loadConfig } from './control/load.ts';
export { parseConfig } from './control/schema.ts';
export type { RegisteredServer } from './control/servers.ts';
export {
  type ConfigSource,
  createFileSource,
  type FileSourceOptions,
  type LoadedState,
  type Written,
} from './control/source.ts';
export { type Canceller, type CancelSignal, createCanceller } from './core/cancel.ts';
export { failure, HubError, isHubError } from './core/errors.ts';
export type { Ask, AskAnswer, Exchange, Notification, Outcome, Principal, SessionRef } from './core/exchange.ts';
export type { HubEvent, HubEvents, SentEvent } from './core/hub-event.ts';
export type { Log, LogEvent } from './core/log.ts';
export type { Readiness, ReadinessState } from './core/readiness.ts';
export type { ServerState, Supervised, Supervision } from './core/supervised.ts';
export type { Offers, Upstream, UpstreamCall, UpstreamEvent, UpstreamStatus } from './core/upstream.ts';
export { createApp } from './edge/app.ts';
export type { JsonRpcMessage } from './edge/embedded.ts';
export { createHub, type Hub, type HubListener, type HubOptions } from './hub.ts';
export { createLog, type LogOptions } from './observe/log.ts';
export type { Link, LinkEvents, LinkFailure, OpenLink, Outgoing } from './upstream/link.ts';
export { LinkError } from './upstream/link.ts';
export { createUpstream } from './upstream/server.ts';
export type { UpstreamDeps, UpstreamSpec } from './upstream/spec.ts';
