// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.Explanation;
import org.mediagate.FilePage;
import org.mediagate.FileQuery;
import org.mediagate.IMediaObserver;
import org.mediagate.ObserverFilter;
import org.mediagate.PendingFile;
interface IMediaGate {
    const int MODE_READ = 1;
    const int MODE_WRITE = 2;
    const int MODE_TRUNCATE = 4;
    const int MODE_APPEND = 8;
    Explanation check(in @utf8InCpp String operation, in @utf8InCpp String path,
        in @nullable @utf8InCpp String to);
    ParcelFileDescriptor open(in @utf8InCpp String path, int mode);
    PendingFile createPending(in @utf8InCpp String path);
    @utf8InCpp String publish(in @utf8InCpp String path);
    @utf8InCpp String trash(in @utf8InCpp String path);
    @utf8InCpp String restore(in @utf8InCpp String path);
    void remove(in @utf8InCpp String path);
    FilePage query(in FileQuery query);
    @utf8InCpp String redactedPath(in @utf8InCpp String path);
    long requestAccess(in @utf8InCpp String[] paths, boolean write);
    @utf8InCpp String requestState(long id);
    void cancelRequest(long id);
    long observe(in IMediaObserver observer, in ObserverFilter filter);
    void endObserver(long id);
}
