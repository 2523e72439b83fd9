// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.Confinement;
import org.mediagate.Transport;
import org.mediagate.Volume;
parcelable Status {
    int pid;
    @utf8InCpp String version;
    long uptimeSeconds;
    int threads;
    long nodes;
    long handles;
    long backings;
    Volume[] volumes;
    Transport[] transports;
    Confinement confinement;
}
