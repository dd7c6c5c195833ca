import type { Logger } from '../../foundation/logger.ts';
import type { TaskId } from '../host/protocol.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { ErrorReporter, ProcessingContext } from './processing-context.ts';

/** `errors.log.enable`: one ERROR line per failure, in Kafka Connect's words. */
export class LogReporter implements ErrorReporter {
  private readonly id: TaskId;
  private readonly logger: Logger;
  private readonly includeMessages: boolean;
  private readonly counters: TaskCounters;

  constructor(options: {
    readonly id: TaskId;
    readonly logger: Logger;
    /** `errors.log.include.messages` */
    readonly includeMessages: boolean;
    readonly counters: TaskCounters;
  }) {
    this.id = options.id;
    this.logger = options.logger;
    this.includeMessages = options.includeMessages;
    this.counters = options.counters;
  }

  report(context: ProcessingContext): undefined {
    this.logger.error(this.line(context), { err: context.error });
    this.counters.errorsLogged++;
    return undefined;
  }

  private line(context: ProcessingContext): string {
    const head =
      `Error encountered in task ${this.id.connector}-${this.id.task}. ` +
      `Executing stage '${context.stage}' with class '${context.className}'`;
    return `${head}${this.includeMessages ? describe(context) : ''}.`;
  }
}

function describe({ record }: ProcessingContext): string {
  if (record.kind === 'source') return `, where source record is = ${String(record.source)}`;
  const { topic, partition, raw } = record.consumed;
  const time = `timestamp=${raw.timestamp}, timestampType=${raw.timestampType}`;
  return `, where consumed record is {topic='${topic}', partition=${partition}, offset=${raw.offset}, ${time}}`;
}
