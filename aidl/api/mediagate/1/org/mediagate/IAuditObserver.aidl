// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.AuditRecord;
oneway interface IAuditObserver {
    void decided(in AuditRecord[] records);
}
