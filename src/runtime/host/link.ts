/** One end of the contract between control plane and task host. */
import { type LinkNotice, MessageLink, type MessageLinkOptions } from '../../foundation/message-link.ts';
import { errorFromWire, errorToWire } from '../../sdk/errors/error-wire.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';

export type { MessagePort } from '../../foundation/message-link.ts';

/** Errors cross it in their wire form. */
export class Link<OutNotice extends LinkNotice, OutRequest, InNotice extends LinkNotice, InRequest> extends MessageLink<
  OutNotice,
  OutRequest,
  InNotice,
  InRequest
> {
  constructor(options: Omit<MessageLinkOptions<OutNotice, OutRequest, InNotice, InRequest>, 'errors' | 'ended'>) {
    super({
      ...options,
      errors: { toWire: errorToWire, fromWire: errorFromWire },
      ended: () => new IllegalStateError('The task host has ended.'),
    });
  }
}
