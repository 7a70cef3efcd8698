/**
 * How published attacks by tool descriptions speak (Invariant Labs' tool poisoning, WhatsApp and
 * GitHub cases, line jumping by Trail of Bits, ATPA by CyberArk). Read over text with single spaces;
 * every quantifier that may meet long text is bounded, so time stays linear.
 */
export type ModelTrick = Readonly<{
  pattern: RegExp;
  /** After the place it was found at. */
  says: string;
  serious: boolean;
}>;

export const MODEL_TRICKS: readonly ModelTrick[] = [
  {
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass) (?:(?:all|any|the|your|of|these|those|every|other) ){0,4}(?:previous|prior|preceding|above|earlier|system|existing|safety|security) (?:\w{1,20} )?(?:instructions?|prompts?|messages?|rules?|directions?|guidelines?|restrictions?|context)\b/i,
    says: "tells the model to drop its instructions",
    serious: true,
  },
  {
    pattern:
      /<\/?(?:important|system|system[-_ ]?prompt|secret|hidden|critical|instructions?|admin)\s?>|\[\/?INST\]|<\|(?:im_start|im_end|system|endoftext)\|>/i,
    says: "has marks that pass for those of a prompt",
    serious: true,
  },
  {
    pattern:
      /\b(?:do not|don't|never|must not|should not|avoid|without) (?:ever )?(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|alert|alerting|show|showing|disclose|disclosing|asking|let)\b[^.!?]{0,60}\busers?\b/i,
    says: "wants something kept from the user",
    serious: true,
  },
  {
    pattern:
      /\b(?:the )?users? (?:must|should|need|does|do) not (?:to )?(?:know|see|notice|be (?:told|informed|aware|notified))\b|\b(?:hide|conceal|keep) (?:this|it|that|them)\b[^.!?]{0,30}\bfrom the users?\b/i,
    says: "wants something kept from the user",
    serious: true,
  },
  {
    pattern:
      /(?:~\/|\/home\/|\$HOME\/|%USERPROFILE%\\)?\.(?:ssh\/id_|aws\/credentials|cursor\/mcp\.json|git-credentials|netrc|kube\/config)\b/i,
    says: "names files that hold secrets",
    serious: false,
  },
  {
    pattern:
      /\b(?:read|cat|open|load|include|attach|pass|send|upload|provide)\b[^!?]{0,60}(?:~\/\.|\/home\/[^ ]{1,40}\/\.|id_rsa|id_ed25519|mcp\.json|\/etc\/(?:passwd|shadow)|\.aws\/credentials|\.git-credentials)/i,
    says: "asks for files that hold secrets",
    serious: true,
  },
  {
    pattern:
      /\b(?:send|forward|upload|exfiltrate|transmit|bcc|leak|append|include)\b[^.!?]{0,60}\b(?:chat|conversation|message) (?:history|log|contents?)\b|\b(?:entire|full|whole|all) (?:conversation|chat history|message history)\b/i,
    says: "asks for the conversation",
    serious: true,
  },
  {
    pattern:
      /\b(?:exfiltrate|bcc|forward|secretly|silently|quietly)\b[^!?]{0,80}(?:https?:\/\/|[\w.+-]{1,64}@[\w-]{1,63}\.|\+\d{7})/i,
    says: "asks to send something elsewhere",
    serious: true,
  },
  {
    pattern:
      /\b(?:change|replace|rewrite|set|modify) the (?:recipient|proxy_?number|destination|address|amount)\b[^.!?]{0,30}\bto\b/i,
    says: "asks to change what another tool does",
    serious: true,
  },
  {
    pattern:
      /\bbefore (?:using|calling|invoking|running) (?:any|every|each|all)(?: of the)?(?: other)? (?:tools?|functions?)\b|\b(?:instead of|in place of) (?:any|all|every) other tools?\b/i,
    says: "speaks about the use of other tools",
    serious: false,
  },
  {
    pattern:
      /\b(?:base64|rot13|hex)[- ]?(?:decode|encoded instructions?)\b|\bdecode (?:and|then) (?:follow|execute|run)\b/i,
    says: "speaks of hidden instructions",
    serious: false,
  },
];
